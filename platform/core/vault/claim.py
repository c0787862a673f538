"""SQL for a function that keeps a person's key in the same statement as what is encrypted under it.

A decision is one round trip; asking the vault for the key would be another. The vault's table stays known to the vault
alone: a module's function is composed of this text.
"""

# Of `schema`, `subject`, `wrapped`, `version`: the names of the function's own variables. Afterwards FOUND says whether
# the key is new. The row-level policy refuses every schema but the one of the role in force.
CLAIM = """INSERT INTO public.vault_subject_key (schema, subject, wrapped, bank_key_version)
        VALUES ({schema}, {subject}, {wrapped}, {version}) ON CONFLICT DO NOTHING"""
# What is kept of the person, into two variables; `wrapped` is null once the person was erased.
KEPT = """SELECT k.wrapped, k.bank_key_version INTO {into_wrapped}, {into_version}
        FROM public.vault_subject_key AS k WHERE k.schema = {schema} AND k.subject = {subject}"""
