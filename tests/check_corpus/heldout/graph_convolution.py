import numpy as np


def gcn_loss(adj, feats, labels, train, W1, W2, wd):
    """Two graph convolutions, cross-entropy on the training nodes, weight decay on the first."""
    a = adj + np.eye(len(adj))
    d = a.sum(1)
    norm = a / np.sqrt(np.outer(d, d))
    ax = norm @ feats
    hidden = ax @ W1
    relu = np.maximum(hidden, 0)
    ah = norm @ relu
    logits = ah @ W2
    logits = logits - logits.max(1, keepdims=True)
    logp = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    n_train = train.sum()
    loss = -(logp[np.arange(len(labels)), labels] * train).sum() / n_train
    loss += 0.5 * wd * (W1 ** 2).sum()

    onehot = np.eye(logp.shape[1])[labels]
    d_logits = (np.exp(logp) - onehot) * train[:, None] / n_train
    d_W2 = ah.T @ d_logits
    d_ah = d_logits @ W2.T
    d_relu = norm.T @ d_ah
    d_hidden = np.where(hidden > 0, d_relu, 0)
    d_W1 = ax.T @ d_hidden + wd * W1
    d_feats = norm.T @ (d_hidden @ W1.T)
    return loss, {"W1": d_W1, "W2": d_W2, "feats": d_feats}
