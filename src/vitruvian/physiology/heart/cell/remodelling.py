"""Cells of women and of diseased hearts."""

from __future__ import annotations

from vitruvian.core import Source
from vitruvian.physiology.heart.cell.variant import OHARA_RUDY, VENTRICULAR, Variant, scales

FEMALE = Variant(
    "female",
    "A woman's cell; the published cell stands for a man's",
    {},
    Source(
        "Yang PC, Clancy CE. In silico prediction of sex-based differences in human susceptibility to cardiac "
        "ventricular tachyarrhythmias. Front Physiol 2012;3:360",
        doi="10.3389/fphys.2012.00360",
        status="two transcriptions agree",
        errata="ratio of woman to man within a kind; the paper's calmodulin (endo × 1.21) is not changed here",
    ),
    {
        "endo": scales(Ito=0.64, IKr=0.79, IKs=0.83, IK1=0.86, INaK=0.79, IpCa=1.6, Jup=1.15),
        "epi": scales(
            Ito=0.26 / 0.6,
            IKr=0.875 / 1.09,
            IKs=0.87 / 1.04,
            IK1=0.74 / 0.98,
            INaK=0.7 / 0.94,
            IpCa=1.6 / 0.88,
            Jup=1.97 / 1.42,
        ),
    },
    OHARA_RUDY,
)

HEART_FAILURE = Variant(
    "heart_failure",
    "Failing heart",
    scales(INaL=1.8, Ito=0.4, IK1=0.68, INaK=0.7, INaCa=1.75, Jup=0.5, Jrel=0.8),
    Source(
        "Gomez JF, Cardona K, Romero L, Ferrero JM, Trenor B. Electrophysiological and structural remodeling in "
        "heart failure modulate arrhythmogenesis. 1D simulation study. PLoS ONE 2014;9:e106602",
        doi="10.1371/journal.pone.0106602",
        status="one transcription",
        errata="inactivation of INaL (1.8 times slower), leak of the reticulum (× 1.3), CaMK (× 1.5) not changed",
    ),
    models=OHARA_RUDY,
)

HEART_FAILURE_ELSHRIF = Variant(
    "heart_failure_elshrif",
    "Failing heart, by another review of the measurements",
    {},
    Source(
        "Elshrif MM, Shi P, Cherry EM. Representing variability and transmural differences in a model of human "
        "heart failure. IEEE J Biomed Health Inform 2015;19:1308",
        doi="10.1109/JBHI.2015.2442833",
        status="one transcription",
    ),
    {
        "endo": scales(INa=0.37, INaL=1.93, Ito=0.49, IK1=0.45, INaK=0.6, INaCa=2.31, Jup=0.59, IKr=0.73, IKs=0.42),
        "mid": scales(INa=0.37, INaL=1.93, Ito=0.62, IK1=0.47, INaK=0.6, INaCa=2.31, Jup=0.58, IKs=0.5),
        "epi": scales(INa=0.37, INaL=1.93, Ito=0.6, IK1=0.45, INaK=0.6, INaCa=2.31, Jup=0.59, IKr=0.54, IKs=0.41),
    },
    OHARA_RUDY,
)

HEART_FAILURE_LU = Variant(
    "heart_failure_lu",
    "Failing heart, for the cell of ten Tusscher and Panfilov",
    scales(INa=0.6, Ito=0.64, IK1=0.8, INaK=0.58, IbCa=1.53, INaCa=1.65, Iup=0.55, Irel=0.77, IKs=0.5),
    Source(
        "Remodelling of the cell of ten Tusscher and Panfilov that others cite as Lu 2011; not traced to the paper",
        status="one transcription",
    ),
    models=("ten_tusscher_2006",),
)

ISCHAEMIA = Variant(
    "ischaemia",
    "Early ischaemia: potassium outside and acidosis",
    {"Ko": 9.0, **scales(INa=0.75, ICaL=0.75)},
    Source(
        "Shaw RM, Rudy Y. Electrophysiologic effects of acute myocardial ischemia: a theoretical study of altered "
        "cell excitability and action potential duration. Cardiovasc Res 1997;35:256",
        doi="10.1016/S0008-6363(97)00093-X",
        status="unverified",
        errata="no model here has the ATP-sensitive potassium current: what lack of oxygen shortens is missing",
    ),
    models=VENTRICULAR,
)

HYPOKALAEMIA = Variant(
    "hypokalaemia",
    "Potassium outside 3 mM",
    {"Ko": 3.0},
    Source("Moderate hypokalaemia; the models' published potassium is 5.4 mM", status="assumption"),
    models=VENTRICULAR,
)

HYPERKALAEMIA = Variant(
    "hyperkalaemia",
    "Potassium outside 7 mM",
    {"Ko": 7.0},
    Source("Severe hyperkalaemia; the models' published potassium is 5.4 mM", status="assumption"),
    models=VENTRICULAR,
)

ATRIAL_FIBRILLATION = Variant(
    "atrial_fibrillation",
    "Atrium after months of fibrillation",
    scales(ICaL=0.3, Ito=0.5, IKur=0.5),
    Source(
        "Courtemanche M, Ramirez RJ, Nattel S. Ionic targets for drug therapy and atrial fibrillation-induced "
        "electrical remodeling: insights from a mathematical model. Cardiovasc Res 1999;42:477",
        doi="10.1016/S0008-6363(99)00034-6",
        status="unverified",
    ),
    models=("courtemanche_1998",),
)
