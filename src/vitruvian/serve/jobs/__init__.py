"""Long work: submitted, followed, stopped, gone on with after a restart; results are kept under the asker's rights."""

from vitruvian.serve.jobs.job import Job as Job
from vitruvian.serve.jobs.kept import SERVER as SERVER
from vitruvian.serve.jobs.kept import opened as opened
from vitruvian.serve.jobs.kept import owner_of as owner_of
from vitruvian.serve.jobs.kept import sealed as sealed
from vitruvian.serve.jobs.runner import running as running
from vitruvian.serve.jobs.submitting import KEPT_MS as KEPT_MS
from vitruvian.serve.jobs.submitting import Result as Result
from vitruvian.serve.jobs.submitting import asked_of as asked_of
from vitruvian.serve.jobs.submitting import cancel as cancel
from vitruvian.serve.jobs.submitting import count_jobs as count_jobs
from vitruvian.serve.jobs.submitting import forget as forget
from vitruvian.serve.jobs.submitting import job_of as job_of
from vitruvian.serve.jobs.submitting import jobs_of as jobs_of
from vitruvian.serve.jobs.submitting import keep as keep
from vitruvian.serve.jobs.submitting import new_id as new_id
from vitruvian.serve.jobs.submitting import results_of as results_of
from vitruvian.serve.jobs.submitting import resume as resume
from vitruvian.serve.jobs.submitting import submit as submit
