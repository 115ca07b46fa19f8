"""`shipby doctor`: is a deployment well? What is read of it (`look`), and what each of that means (`verdicts`)."""
