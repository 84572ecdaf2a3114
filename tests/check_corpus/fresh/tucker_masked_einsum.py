import numpy as np


def tucker_loss(G, A, B, C, T, mask, ortho=0.1):
    """Tucker decomposition of a tensor with holes; the factors are held near orthonormal columns."""
    What = np.einsum('pqr,ip,jq,kr->ijk', G, A, B, C, optimize=True)
    E = mask * (What - T)
    n = mask.sum()
    loss = 0.5 * np.einsum('ijk,ijk->', E, E) / n
    defects = []
    for F in (A, B, C):
        D = np.einsum('ia,ib->ab', F, F) - np.eye(F.shape[1])
        loss += 0.25 * ortho * np.einsum('ab,ab->', D, D)
        defects.append(D)

    # contractions with one factor left out
    R = E / n
    AG = np.einsum('pqr,ip->iqr', G, A)
    RC = np.einsum('ijk,kr->ijr', R, C)
    gC = np.einsum('ijk,iqr,jq->kr', R, AG, B)
    gB = np.einsum('ijr,iqr->jq', RC, AG)
    RBC = np.einsum('ijr,jq->iqr', RC, B)
    gA = np.einsum('iqr,pqr->ip', RBC, G)
    gG = np.einsum('iqr,ip->pqr', RBC, A)
    # pull towards orthonormality
    gA += ortho * np.einsum('ia,ab->ib', A, defects[0])
    gB += ortho * np.einsum('ia,ab->ib', B, defects[1])
    gC += ortho * np.einsum('ia,ab->ib', C, defects[2])
    return loss, (gG, gA, gB, gC)
