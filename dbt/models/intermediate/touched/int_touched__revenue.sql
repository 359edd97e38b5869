-- The books of the touched visits as the run before left them: what the sums over all visits take out.
{{ rows_before('marts', 'visit_revenue', 'visit_token', 'uuid', 'visits') }}
