import numpy as np

PAD = 0


def text_classifier_loss(params, docs, labels, smoothing=0.1):
    """Mean of word vectors, one hidden layer, softmax with label smoothing.

    docs is a (batch, max_len) array of word indices, padded with PAD.
    """
    emb = params["embedding"]
    w_h, b_h = params["w_hidden"], params["b_hidden"]
    w_o, b_o = params["w_out"], params["b_out"]
    n_docs = docs.shape[0]
    n_classes = b_o.shape[0]

    # --- forward
    not_pad = (docs != PAD).astype(emb.dtype)              # (batch, max_len)
    lengths = not_pad.sum(axis=1, keepdims=True)           # (batch, 1)
    vectors = emb[docs]                                    # (batch, max_len, dim)
    pooled = (vectors * not_pad[:, :, None]).sum(axis=1) / lengths
    hidden = np.tanh(pooled @ w_h + b_h)
    logits = hidden @ w_o + b_o

    logits_max = np.max(logits, axis=-1, keepdims=True)
    log_z = np.log(np.sum(np.exp(logits - logits_max), axis=-1, keepdims=True)) + logits_max
    log_p = logits - log_z
    target = np.full((n_docs, n_classes), smoothing / n_classes)
    target[np.arange(n_docs), labels] += 1 - smoothing
    loss = -(target * log_p).sum() / n_docs

    # --- backward
    d_logits = (np.exp(log_p) - target) / n_docs
    g = {}
    g["w_out"] = hidden.T @ d_logits
    g["b_out"] = d_logits.sum(0)
    d_hidden = d_logits @ w_o.T
    d_pre = d_hidden * (1 - hidden * hidden)
    g["w_hidden"] = pooled.T @ d_pre
    g["b_hidden"] = d_pre.sum(0)
    d_pooled = d_pre @ w_h.T
    d_vectors = (d_pooled / lengths)[:, None, :] * not_pad[:, :, None]
    d_emb = np.zeros_like(emb)
    for row in range(n_docs):
        for pos in range(docs.shape[1]):
            d_emb[docs[row, pos]] += d_vectors[row, pos]
    g["embedding"] = d_emb
    return loss, g
