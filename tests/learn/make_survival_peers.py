"""Write survival_peers.json: what lifelines 0.30.3 and scikit-survival 0.28.0 find in the people of `survival_people`.

Run where both are installed: `python make_survival_peers.py`. Neither is needed by the tests.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
from lifelines import AalenJohansenFitter, CoxPHFitter, CoxTimeVaryingFitter
from sksurv.metrics import brier_score, concordance_index_censored, concordance_index_ipcw
from sksurv.util import Surv
from survival_people import at_once, changing

HORIZONS = [2.0, 5.0, 8.0]


def main() -> None:
    """Both data sets, all figures."""
    x, time, event = at_once(400, seed=3)
    table = pd.DataFrame(x, columns=["a", "b", "c"]).assign(time=time, event=(event == 1).astype(int))
    cox = CoxPHFitter().fit(table, "time", "event", fit_options={"precision": 1e-12})
    person, start, stop, event2, x2 = changing(200, seed=4)
    spells = pd.DataFrame(x2, columns=["a", "b"]).assign(id=person, start=start, stop=stop, event=(event2 == 1))
    varying = CoxTimeVaryingFitter().fit(
        spells, id_col="id", event_col="event", start_col="start", stop_col="stop", fit_options={"precision": 1e-12}
    )
    johansen = AalenJohansenFitter(calculate_variance=False, jitter_level=0.0)
    fine = at_once(400, seed=3, ties=False)
    johansen.fit(fine[1], fine[2], event_of_interest=1)
    only = fine[2] == 1
    seen = Surv.from_arrays(only, fine[1])
    risk = fine[0] @ np.array([0.7, -0.4, 0.0])
    chance = np.clip(0.1 + 0.05 * risk[:, None] + 0.05 * np.array(HORIZONS), 0, 1)
    found = {
        "cox": {"coefficients": cox.params_.tolist(), "errors": cox.standard_errors_.tolist(),
                "log_likelihood": float(cox.log_likelihood_)},
        "varying": {"coefficients": varying.params_.tolist(), "errors": varying.standard_errors_.tolist(),
                    "log_likelihood": float(varying.log_likelihood_)},
        "johansen": [float(johansen.cumulative_density_.loc[:h].iloc[-1, 0]) for h in HORIZONS],
        "harrell": float(concordance_index_censored(only, fine[1], risk)[0]),
        "uno": float(concordance_index_ipcw(seen, seen, risk, tau=8.0)[0]),
        "brier": brier_score(seen, seen, 1 - chance, HORIZONS)[1].tolist(),
    }  # fmt: skip
    Path(__file__).with_name("survival_peers.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
