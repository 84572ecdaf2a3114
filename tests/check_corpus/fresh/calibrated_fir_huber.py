import numpy as np


def forward(raw, heights, taps, knots):
    """Sensor counts through a piecewise-linear calibration curve, then through an FIR filter."""
    cell = np.searchsorted(knots, raw, side='right') - 1
    cell = np.clip(cell, 0, len(knots) - 2)
    width = knots[cell + 1] - knots[cell]
    frac = (raw - knots[cell]) / width
    curve = (1 - frac) * heights[cell] + frac * heights[cell + 1]
    filtered = np.convolve(curve, taps, mode='valid')
    return filtered, (cell, width, frac, curve)


def huber_fit(raw, heights, taps, knots, wanted, delta=0.5):
    filtered, (cell, width, frac, curve) = forward(raw, heights, taps, knots)
    r = filtered - wanted
    inside = np.abs(r) <= delta
    losses = np.where(inside, 0.5 * r * r, delta * (np.abs(r) - 0.5 * delta))
    rough = heights[2:] - 2 * heights[1:-1] + heights[:-2]
    loss = losses.mean() + 0.5 * np.sum(rough ** 2)

    # Huber
    g_filtered = np.empty_like(r)
    np.clip(r, -delta, delta, out=g_filtered)
    np.divide(g_filtered, r.size, out=g_filtered)
    # filter: correlate with the signal for the taps, full convolution with the taps for the signal
    g_taps = np.correlate(curve, g_filtered, mode='valid')[::-1]
    g_curve = np.convolve(g_filtered, taps[::-1], mode='full')
    # curve: both ends of the cell get their share
    g_heights = np.zeros_like(heights)
    np.add.at(g_heights, cell, (1 - frac) * g_curve)
    np.add.at(g_heights, cell + 1, frac * g_curve)
    g_raw = (heights[cell + 1] - heights[cell]) / width * g_curve
    # roughness of the curve
    g_heights[2:] += rough
    g_heights[1:-1] -= 2 * rough
    g_heights[:-2] += rough
    return loss, g_raw, g_heights, g_taps
