"""Many virtual people."""

from typing import TYPE_CHECKING

from vitruvian.core import late

if TYPE_CHECKING:
    from vitruvian.study.deterioration import Deterioration as Deterioration
    from vitruvian.study.deterioration import train_deterioration as train_deterioration
    from vitruvian.study.glucose_forecast import Contest as Contest
    from vitruvian.study.glucose_forecast import contest as contest
    from vitruvian.study.glucose_loop import LoopResult as LoopResult
    from vitruvian.study.glucose_loop import LoopStudy as LoopStudy
    from vitruvian.study.glucose_loop import headline as headline
    from vitruvian.study.glucose_loop import run_loop_study as run_loop_study
    from vitruvian.study.glucose_loop import study_of as study_of
    from vitruvian.study.glucose_simulation import Simulated as Simulated
    from vitruvian.study.glucose_simulation import simulate_glucose as simulate_glucose
    from vitruvian.study.population import simulate_population as simulate_population
    from vitruvian.study.privacy_ledger import Budget as Budget
    from vitruvian.study.privacy_ledger import PrivacyLedger as PrivacyLedger
    from vitruvian.study.sequence_contest import icu_contest as icu_contest
    from vitruvian.study.sequence_contest import icu_stays as icu_stays
    from vitruvian.study.wearables import WearableDays as WearableDays
    from vitruvian.study.wearables import wearable_days as wearable_days
else:
    __getattr__ = late(__name__)
