import numpy as np


def center_loss(features, centers, labels, lam):
    batch = features.shape[0]
    diff = features - centers[labels]
    loss = 0.5 * lam * np.sum(diff ** 2) / batch

    grad_features = lam * diff / batch
    grad_centers = np.zeros_like(centers)
    for i in range(batch):
        grad_centers[labels[i]] -= lam * diff[i] / batch
    return loss, grad_features, grad_centers
