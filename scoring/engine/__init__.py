"""The statistical heart of scoring: plain Python, no Django, no clock, no database.

Train (in a worker)::

    from scoring.engine.frame import TrainingFrame, outcome_of
    from scoring.engine.spec import FeatureSpec, TrainingSpec, spec_from_document
    from scoring.engine.training import train

    y, resolved = outcome_of(target_column, bad_value="1")     # rows not resolved are to be left out
    frame = TrainingFrame(columns={"age": float64_with_nan, "job": objects_with_none}, y=y)
    spec = TrainingSpec(
        kind="scorecard",                                     # or "boosting"
        target="default", bad_value="1",
        features=(FeatureSpec(name="age", special_codes=(-9.0,), trend="descending"),
                  FeatureSpec(name="job", type="categorical")),
        seed=42,
    )
    spec.to_document(); spec_from_document(document)           # as JSON and back, SpecError
    trained = train(frame, spec, progress=lambda done, total, message: None)
    trained.artifact, trained.model_hash                       # bytes, SHA-256 in hexadecimal
    trained.report.to_document(), trained.report.to_json()     # see scoring.engine.report

Score (anywhere)::

    from scoring.engine.loading import load_scorer
    from scoring.engine.grades import grade_of
    from scoring.engine.warmup import warm_up

    warm_up()                                                  # compiles once, cached on disk
    scorer = load_scorer(artifact, expected_hash=...)          # ArtifactError
    scorer.features                                            # name, type, codes: what to send
    result = scorer.score_one(values, reasons=4)               # .score .pd .reasons (feature, contribution)
    batch = scorer.score_batch(columns)                        # .score int32, .pd float64
    batch = scorer.score_batch(columns, reasons=4)             # and .reasons, dearer for boosting
    found = scorer.reasons_batch(columns, rows=mask, k=4)      # .of(row) -> names
    grade_of(result.pd, (("A", 0.01), ("B", 0.05), ("C", 1.0)))

A higher score is safer. Errors are types of ``scoring.engine.errors``, each with a stable ``code``.
"""
