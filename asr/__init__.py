"""Audio in, speaker-labelled transcript out; no files, no clock, no network of its own."""

import os

# Libraries of this package report their use to their makers unless told not to, and read that at import.
# The versions we pin do not have it (onnxruntime) or send nothing by themselves (huggingface_hub); this holds
# where somebody installs others.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"

# The matrices here are small: numpy's threads cost half as much again as the work, and wait by spinning. Read
# when numpy is first imported; who wants more sets it.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# A recogniser's requests are each of another length, and oneDNN keeps the code it compiles for a length: 240 MB
# after an hour, for nothing that could be measured (CPU time was the same without).
os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "16")
