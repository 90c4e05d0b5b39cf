"""Runs the PyTorch text of every live example (examples/live/*.py) and records what it prints: test/goldens/live.json."""

import json
import pathlib
import subprocess
import sys

root = pathlib.Path(__file__).resolve().parent.parent
outputs = {}
for program in sorted((root / "examples/live").glob("*.py")):
    run = subprocess.run([sys.executable, program], capture_output=True, text=True, check=True)
    outputs[program.stem] = run.stdout.splitlines()
(root / "test/goldens/live.json").write_text(json.dumps(outputs, indent=2) + "\n")
