import numpy as np


def vorwaerts(eingabe, gewichte, schwellen):
    """Ein Netz mit tanh-Schichten; Zeilen sind Beispiele."""
    ausgaben = [eingabe]
    for gewicht, schwelle in zip(gewichte, schwellen):
        ausgaben.append(np.tanh(ausgaben[-1].dot(gewicht) + schwelle))
    return ausgaben


def fehler_und_ableitungen(gewichte, schwellen, eingabe, ziel, abnahme):
    anzahl = eingabe.shape[0]
    ausgaben = vorwaerts(eingabe, gewichte, schwellen)
    unterschied = ausgaben[-1] - ziel
    fehler = (unterschied ** 2).sum() / (2 * anzahl)
    for gewicht in gewichte:
        fehler += abnahme / 2 * (gewicht ** 2).sum()

    # rueckwaerts durch die Schichten
    abl_gewichte, abl_schwellen = [], []
    signal = unterschied / anzahl
    for schicht in range(len(gewichte) - 1, -1, -1):
        signal = signal * (1 - ausgaben[schicht + 1] ** 2)
        abl_gewichte.insert(0, ausgaben[schicht].T.dot(signal) + abnahme * gewichte[schicht])
        abl_schwellen.insert(0, signal.sum(axis=0))
        signal = signal.dot(gewichte[schicht].T)
    return fehler, abl_gewichte, abl_schwellen
