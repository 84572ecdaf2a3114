import numpy as np


def bag_forward(table, tokens, w):
    """Mean of the embeddings of each row of tokens, then a linear score."""
    emb = table[tokens]                      # (batch, length, dim)
    bag = emb.mean(axis=1)                   # (batch, dim)
    score = bag @ w                          # (batch, classes)
    return score, (table, tokens, w, bag)


def bag_backward(dscore, cache):
    table, tokens, w, bag = cache
    length = tokens.shape[1]
    dw = bag.T @ dscore
    dbag = dscore @ w.T
    demb = np.repeat(dbag[:, None, :], length, axis=1) / length
    dtable = np.zeros_like(table)
    np.add.at(dtable, tokens, demb)
    return dtable, dw
