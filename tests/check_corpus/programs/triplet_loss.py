import numpy as np


def triplet(anchor, positive, negative, margin=0.5):
    d_ap = ((anchor - positive) ** 2).sum(axis=1)
    d_an = ((anchor - negative) ** 2).sum(axis=1)
    slack = d_ap - d_an + margin
    loss = np.maximum(slack, 0).mean()

    active = (slack > 0)[:, None] / len(slack)
    g_anchor = 2 * active * (negative - positive)
    g_positive = -2 * active * (anchor - positive)
    g_negative = 2 * active * (anchor - negative)
    return loss, g_anchor, g_positive, g_negative
