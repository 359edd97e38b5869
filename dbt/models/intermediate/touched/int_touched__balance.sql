-- Movements of the Stripe balance as the run before left them: what the sums over all movements take out.
{{ rows_before('intermediate', 'int_payments__balance_movements', 'balance_transaction_id', 'text', 'objects') }}
