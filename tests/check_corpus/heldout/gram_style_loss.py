import numpy as np


def style_and_content(image, kernel, style, content, alpha):
    """Features by a 1x1 convolution; Gram matrix to a style, features to a content."""
    c, h, w = image.shape
    k = kernel.shape[0]
    flat = image.reshape(c, h * w)
    pre = kernel @ flat
    feats = np.log1p(np.exp(pre))
    gram = feats @ feats.T / (k * h * w)
    gap = gram - style
    off = feats - content.reshape(k, h * w)
    L_style = np.sum(gap ** 2) / 4
    L_content = np.mean(off ** 2) / 2
    L = L_style + alpha * L_content

    dL_dgram = gap / 2
    dL_dfeats = (dL_dgram + dL_dgram.T) @ feats / (k * h * w)
    dL_dfeats += alpha * off / off.size
    dL_dpre = dL_dfeats / (1 + np.exp(-pre))
    dL_dkernel = dL_dpre @ flat.T
    dL_dimage = (kernel.T @ dL_dpre).reshape(c, h, w)
    return L, dL_dkernel, dL_dimage
