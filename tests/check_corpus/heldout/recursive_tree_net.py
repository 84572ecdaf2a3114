import numpy as np

# A recursive network over a binary tree. A leaf is an index into the embedding, a node a pair.


def encode(tree, E, W, b):
    if not isinstance(tree, tuple):
        return {"word": tree, "vec": E[tree]}
    left = encode(tree[0], E, W, b)
    right = encode(tree[1], E, W, b)
    both = np.concatenate([left["vec"], right["vec"]])
    return {"left": left, "right": right, "both": both, "vec": np.tanh(W @ both + b)}


def decode(node, dvec, grads, W):
    if "word" in node:
        grads["E"][node["word"]] += dvec
        return
    dpre = dvec * (1 - node["vec"] ** 2)
    grads["W"] += np.outer(dpre, node["both"])
    grads["b"] += dpre
    dboth = W.T @ dpre
    k = len(node["left"]["vec"])
    decode(node["left"], dboth[:k], grads, W)
    decode(node["right"], dboth[k:], grads, W)


def tree_loss(tree, E, W, b, u, label):
    root = encode(tree, E, W, b)
    score = u @ root["vec"]
    p = 1 / (1 + np.exp(-score))
    loss = -label * np.log(p) - (1 - label) * np.log(1 - p)

    grads = {"E": np.zeros_like(E), "W": np.zeros_like(W), "b": np.zeros_like(b)}
    dscore = p - label
    grads["u"] = dscore * root["vec"]
    decode(root, dscore * u, grads, W)
    return loss, grads
