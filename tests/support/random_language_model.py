"""Language models with random weights and a tokenizer of their own, saved as any Hugging Face model is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
    T5Config,
    T5ForConditionalGeneration,
)

from summarizer.prompt import RULES

Kind = Literal["causal", "seq2seq"]

WORDS = (
    "The client reports sleeping badly since March and worrying about work. The clinician asked how often, "
    "offered a breathing exercise, and they agreed to meet again on Tuesday at nine. I have not been myself. "
    '{"statements": [{"text": "One sentence.", "evidence": ["T1", "F2"]}]}'
)
CHAT = (
    "{% for message in messages %}<s>{{ message['role'] }}: {{ message['content'] }}</s>{% endfor %}"
    "{% if add_generation_prompt %}<s>assistant: {% endif %}"
)


def save_model(
    folder: Path,
    kind: Kind = "causal",
    *,
    seed: int = 0,
    positions: int = 2048,
    braces: bool = True,
    chat: bool = True,
) -> Path:
    """Write the model; without `braces` its tokenizer has neither of them, as that of T5."""
    tokenizer = _tokenizer(braces=braces)
    if chat and kind == "causal":
        tokenizer.chat_template = CHAT
    shape = {
        "vocab_size": len(tokenizer) + 7,  # padded, as published models often are
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    torch.manual_seed(seed)
    if kind == "causal":
        model = LlamaForCausalLM(
            LlamaConfig(
                hidden_size=32,
                intermediate_size=64,
                num_hidden_layers=2,
                num_attention_heads=4,
                num_key_value_heads=2,
                max_position_embeddings=positions,
                initializer_range=0.3,
                bos_token_id=tokenizer.bos_token_id,
                **shape,
            )
        )
    else:
        model = T5ForConditionalGeneration(
            T5Config(
                d_model=32,
                d_kv=8,
                d_ff=64,
                num_layers=2,
                num_heads=4,
                n_positions=positions,
                decoder_start_token_id=tokenizer.pad_token_id,
                **shape,
            )
        )
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def save_tokenizer(folder: Path) -> dict[str, int]:
    """Write the tokenizer alone; the ids that a configuration names it by."""
    tokenizer = _tokenizer(braces=True)
    tokenizer.chat_template = CHAT
    tokenizer.save_pretrained(folder)
    return {"eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id}


def _tokenizer(*, braces: bool) -> PreTrainedTokenizerFast:
    special = ["<s>", "</s>", "<pad>", "<unk>"]
    if braces:
        made = Tokenizer(models.BPE())
        made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        made.decoder = decoders.ByteLevel()
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        trainer = trainers.BpeTrainer(
            vocab_size=500, special_tokens=special, initial_alphabet=alphabet, show_progress=False
        )
        made.train_from_iterator([WORDS] * 3, trainer)
    else:
        letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,;:?!'\"()[]-▁"
        known = sorted({f"▁{word}" for word in f"{WORDS} {RULES}".split() if not set(word) & set("{}")})
        pieces = [(s, 0.0) for s in special] + [(c, -4.0) for c in letters] + [(w, -2.0) for w in known]
        made = Tokenizer(models.Unigram(pieces, unk_id=3))
        made.pre_tokenizer = pre_tokenizers.Metaspace()
        made.decoder = decoders.Metaspace()
    return PreTrainedTokenizerFast(
        tokenizer_object=made, bos_token="<s>", eos_token="</s>", pad_token="<pad>", unk_token="<unk>"
    )


def damage(folder: Path) -> None:
    """Make the configuration ask for other weights than there are."""
    path = folder / "config.json"
    config = json.loads(path.read_text())
    config["num_hidden_layers"] = 3
    path.write_text(json.dumps(config))
