import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def neg_sampling_loss_and_gradient(centerWordVectors, outsideVectors, centerIdx, outsideIdx, negIdx):
    """Skip-gram with negative sampling for one (center, outside) pair and K negative samples."""
    v_c = centerWordVectors[centerIdx]
    u_o = outsideVectors[outsideIdx]
    u_k = outsideVectors[negIdx]

    p_o = sigmoid(u_o @ v_c)
    p_k = sigmoid(-u_k @ v_c)
    loss = -np.log(p_o) - np.sum(np.log(p_k))

    gradCenter = np.zeros_like(centerWordVectors)
    gradOutside = np.zeros_like(outsideVectors)
    gradCenter[centerIdx] = (p_o - 1) * u_o + (1 - p_k) @ u_k
    gradOutside[outsideIdx] += (p_o - 1) * v_c
    for k, idx in enumerate(negIdx):
        gradOutside[idx] += (1 - p_k[k]) * v_c
    return loss, gradCenter, gradOutside
