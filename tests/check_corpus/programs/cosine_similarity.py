import numpy as np


def cosine(a, b):
    """Mean over rows of 1 - cos(a, b), and its gradients."""
    N = a.shape[0]
    dot = np.sum(a * b, axis=1, keepdims=True)
    na = np.linalg.norm(a, axis=1, keepdims=True)
    nb = np.linalg.norm(b, axis=1, keepdims=True)
    den = na * nb
    cos = dot / den
    loss = np.mean(1 - cos)

    dcos = -np.ones_like(cos) / N
    ddot = dcos / den
    dden = -dcos * dot / den ** 2
    dna = dden * nb
    dnb = dden * na
    da = ddot * b + dna * a / na
    db = ddot * a + dnb * b / nb
    return loss, da, db
