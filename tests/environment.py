"""The environment that every test runs in, set before Django's settings are read."""

import os
import tempfile
from pathlib import Path

from cryptography.fernet import Fernet

data = Path(tempfile.mkdtemp(prefix="carteria-test-"))
(data / "static").mkdir()
os.environ["CARTERIA_DATA"] = str(data)
os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "x" * 40)
os.environ.setdefault("CARTERIA_KEY", Fernet.generate_key().decode())
os.environ.setdefault("CARTERIA_NO_BOOTSTRAP", "1")
for name in ("REDIS_URL", "CLAMD_ADDRESS", "EXTERNAL_URL", "CARTERIA_CRASH_AT"):
    os.environ.pop(name, None)
