"""SQL-on-FHIR v2: ViewDefinitions compiled to DuckDB SQL."""

from vitruvian.record.sql_on_fhir.query import Query as Query
from vitruvian.record.sql_on_fhir.query import compile_view as compile_view
from vitruvian.record.sql_on_fhir.running import run_query as run_query
from vitruvian.record.sql_on_fhir.view import View as View
from vitruvian.record.sql_on_fhir.view import read_view as read_view
