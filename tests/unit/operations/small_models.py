"""Model packages of a few bytes: a card, a template and weights that are a safetensors file by their first bytes."""

import hashlib
import struct
from pathlib import Path

import yaml


def write_model(folder: Path, weights: bytes = b"{}", config: str = "{}", **card) -> Path:
    """Write a model package to `folder`; other `weights` make it another version, `config` another shape."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "model.safetensors": struct.pack("<Q", len(weights)) + weights,
        "chat_template.jinja": b"{{ messages }}",
        "config.json": config.encode(),
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    described = {
        "name": folder.name, "version": "1", "kind": "chat", "title": "Tiny", "languages": ["en"],
        "context_length": 128, "parameters": 1, "dtype": "float32", "licence": "Apache-2.0",
        "weaknesses": {"en": "All.", "zh_CN": "全部。"}, "chat_template": "chat_template.jinja", **card,
    }  # fmt: skip
    described["files"] = {
        name: {"size_bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in files.items()
    }
    (folder / "card.yaml").write_text(yaml.safe_dump(described), encoding="utf-8")
    return folder
