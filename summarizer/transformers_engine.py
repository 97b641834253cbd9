"""A local language model as an engine: a Hugging Face folder in, notes out; the one door to transformers.

Causal and sequence-to-sequence models alike, on the CPU or one GPU. Every reply is decoded under a JSON schema
(llguidance), greedily, so it is valid and the same each time. Nothing is downloaded, no code of the folder's is
run, only safetensors are loaded. One reply is decoded at a time, in a thread of its own; who is cancelled stops
the decoding at the next token. Shared by all sessions.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

from summarizer.abstractive import Reply, write_note
from summarizer.errors import EngineFailed
from summarizer.model_folder import read_model_folder
from summarizer.parse import Form
from summarizer.prompt import Message
from summarizer.templates import Template
from summarizer.types import Context, EngineInfo, Fact, NoteBody, Style, Turn

try:
    import llguidance.hf
    import tokenizers
    import torch
    import transformers
except ImportError as error:
    raise ImportError(
        "Notes by a local language model need more libraries; install them with "
        'pip install "ambient-scribe[llm]".'
    ) from error

MOST_CONTEXT_TOKENS = 16_384
"""What is taken of a longer context: an hour of talk has about 13,000 tokens, and memory grows with each."""
MOST_REPLY_TOKENS = 1024
_REPLY_SHARE = 4
"""A reply takes at most one part in this of a context that it shares with its prompt."""

_POSITIONS = ("max_position_embeddings", "max_encoder_position_embeddings", "n_positions", "n_ctx")
"""What configurations call the most tokens that a model reads."""
_DECODER_POSITIONS = ("max_decoder_position_embeddings", *_POSITIONS)
_NO_LIMIT = 10**6
"""From here on a tokenizer's `model_max_length` means that it knows of none."""

# A blank where models like one, never more: a run of blanks could go on for ever.
_JSON: dict[str, Any] = {"whitespace_flexible": True, "whitespace_pattern": " ?"}


class _Cancelled(Exception):
    """Nobody waits for this reply any more."""


class TransformersEngine:
    """Writes notes with the model of one folder; loading takes seconds to minutes, and its memory."""

    def __init__(
        self,
        folder: Path,
        *,
        device: Literal["auto", "cpu", "cuda"] = "auto",
        context_tokens: int = 0,
        reply_tokens: int = 0,
        threads: int = 0,
    ) -> None:
        """Load it. With 0 the tokens are what the model takes, at most the constants of this module.

        `threads` are those of a processor that one reply uses; with 0 they are the library's own choice.

        Raises `EngineFailed` where the folder holds no usable model or memory does not suffice.
        """
        self._folder = read_model_folder(folder)
        if threads:
            torch.set_num_threads(threads)
        transformers.logging.set_verbosity_error()
        transformers.logging.disable_progress_bar()
        try:
            self._load(device)
        except EngineFailed:
            raise
        except Exception as error:  # whatever a model library raises for a folder that it cannot use
            raise _failed(error, f"The model in {folder} cannot be loaded") from None
        self._budget(context_tokens, reply_tokens)
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="note")

    def _load(self, device: str) -> None:
        # The names say all: only what lies in the folder, only weights without code.
        local: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
        config = transformers.AutoConfig.from_pretrained(self._folder.path, **local)
        self._is_seq2seq = bool(config.is_encoder_decoder)
        self._tokenizer = transformers.AutoTokenizer.from_pretrained(self._folder.path, **local)
        kind = transformers.AutoModelForSeq2SeqLM if self._is_seq2seq else transformers.AutoModelForCausalLM
        self._model, told = kind.from_pretrained(
            self._folder.path, **local, use_safetensors=True, dtype="auto", output_loading_info=True
        )
        if told["missing_keys"] or told["mismatched_keys"]:
            # The library would go on with random numbers in their place.
            raise EngineFailed(
                f"The weights in {self._folder.path} are not those of its config.json "
                f"({len(told['missing_keys']) + len(told['mismatched_keys'])} do not fit); copy the model again."
            )
        on_gpu = device == "cuda" or (device == "auto" and torch.cuda.is_available())
        self._model.to("cuda" if on_gpu else "cpu").eval()
        vocabulary = self._model.get_input_embeddings().weight.shape[0]
        ends = self._model.generation_config.eos_token_id
        ends = self._tokenizer.eos_token_id if ends is None else ends
        if ends is None or len(self._tokenizer) > vocabulary:
            raise EngineFailed(
                f"The tokenizer in {self._folder.path} has no end token, or more tokens than the model; "
                "copy the model again."
            )
        self._ends = [ends] if isinstance(ends, int) else list(ends)
        self._vocabulary = _vocabulary(self._tokenizer, vocabulary, self._ends)
        starts = getattr(config, "decoder_start_token_id", None)
        self._starts = self._model.generation_config.decoder_start_token_id if starts is None else starts
        # A folder's own habits of sampling, penalties and forced tokens would undo greedy decoding.
        self._model.generation_config = transformers.GenerationConfig()
        self._form: Form = "objects" if self._writes("{}") else "arrays"
        if self._form == "arrays" and not self._writes('[",]'):
            raise EngineFailed(
                f"The tokenizer in {self._folder.path} cannot write JSON; choose an instruction-tuned model."
            )

    def _writes(self, characters: str) -> bool:
        """Whether the tokenizer has a token of its own for each of the characters."""
        written = [self._tokenizer.encode(c, add_special_tokens=False) for c in characters]
        unknown = self._tokenizer.unk_token_id
        return all(ids and (unknown is None or unknown not in ids) for ids in written) and all(
            c in self._tokenizer.decode(ids) for c, ids in zip(characters, written, strict=True)
        )

    def _budget(self, context_tokens: int, reply_tokens: int) -> None:
        config = self._model.config
        most = context_tokens or MOST_CONTEXT_TOKENS
        limit = _first(config, _POSITIONS, self._tokenizer.model_max_length)
        if context_tokens and getattr(config, "relative_attention_num_buckets", None):
            limit = context_tokens  # T5 and its kin count distances, not positions: whoever asks may go on
        reads = min(limit, most)
        if self._is_seq2seq:
            # The reply has positions of its own.
            written = _first(config, _DECODER_POSITIONS, MOST_REPLY_TOKENS)
            self._reply_tokens = min(reply_tokens or MOST_REPLY_TOKENS, written)
            self._prompt_tokens = reads
        else:
            self._reply_tokens = min(reply_tokens or MOST_REPLY_TOKENS, reads // _REPLY_SHARE)
            self._prompt_tokens = reads - self._reply_tokens

    @property
    def info(self) -> EngineInfo:
        return EngineInfo("transformers", self._folder.name, f"sha256:{self._folder.digest}")

    @property
    def description(self) -> str:
        """What runs, for a person: architecture, size, device and budget."""
        kind = str(self._model.dtype).removeprefix("torch.")
        return (
            f"{self._folder.architecture}, {self._folder.bytes / 1e9:.2f} GB of {kind}, on "
            f"{self._model.device.type}, {self._prompt_tokens} tokens read and {self._reply_tokens} written at once"
        )

    @property
    def prompt_tokens(self) -> int:
        return self._prompt_tokens

    @property
    def reply_tokens(self) -> int:
        return self._reply_tokens

    @property
    def form(self) -> Form:
        return self._form

    async def write(
        self, template: Template, turns: Sequence[Turn], facts: Sequence[Fact], style: Style, context: Context
    ) -> NoteBody:
        """The body of a note; see `Engine.write`."""
        return await write_note(self, template, turns, facts, style, context)

    def count(self, text: str) -> int:
        """Tokens of a text."""
        return len(self._tokenizer.encode(text, add_special_tokens=False))

    def length(self, messages: Sequence[Message]) -> int:
        """Tokens of a whole prompt."""
        return len(self._encoded(messages))

    async def reply(self, messages: Sequence[Message], schema: Mapping[str, Any]) -> Reply:
        """The reply, decoded in the engine's thread. Raises `EngineFailed`; when cancelled, decoding stops."""
        stop = threading.Event()
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._threads, self._decode, messages, schema, stop
            )
        finally:
            stop.set()

    def close(self) -> None:
        """Take no more replies; waits for the one that is being decoded."""
        self._threads.shutdown(cancel_futures=True)

    # --- in the thread ----------------------------------------------------------------------------------

    def _decode(self, messages: Sequence[Message], schema: Mapping[str, Any], stop: threading.Event) -> Reply:
        grammar = llguidance.LLMatcher.grammar_from_json_schema(json.dumps(schema), defaults=_JSON)
        guide = _Guide(llguidance.LLMatcher(self._vocabulary, grammar, log_level=0), stop)
        settings = transformers.GenerationConfig(
            max_new_tokens=self._reply_tokens,
            do_sample=False,
            num_beams=1,
            eos_token_id=self._ends,
            pad_token_id=self._ends[0]
            if self._tokenizer.pad_token_id is None
            else self._tokenizer.pad_token_id,
            decoder_start_token_id=self._starts,
        )
        ids = torch.tensor([self._encoded(messages)], device=self._model.device)
        try:
            with torch.inference_mode():
                self._model.generate(
                    input_ids=ids,
                    attention_mask=torch.ones_like(ids),
                    generation_config=settings,
                    logits_processor=[guide.mask],
                    stopping_criteria=[guide.ended],
                )
        except (_Cancelled, EngineFailed):
            raise
        except (
            Exception
        ) as error:  # whatever a model library raises must reach the session, not end the server
            raise _failed(error, f"The model {self._folder.name} failed while it wrote") from None
        return Reply(self._vocabulary.decode_str(guide.written), is_cut=not guide.is_whole)

    def _encoded(self, messages: Sequence[Message]) -> list[int]:
        if self._tokenizer.chat_template:
            return self._with_template(messages)
        text = "\n\n".join(message.content for message in messages)
        ids: list[int] = self._tokenizer.encode(text if self._is_seq2seq else f"{text}\n\n")
        if not self._is_seq2seq and ids and ids[-1] in self._ends:
            ids = ids[:-1]  # some tokenizers end every text, and a causal model would take itself for done
        return ids

    def _with_template(self, messages: Sequence[Message]) -> list[int]:
        # `enable_thinking` is for models that would think aloud first; other templates do not look at it.
        options: dict[str, Any] = {
            "add_generation_prompt": True,
            "tokenize": True,
            "return_dict": False,
            "enable_thinking": False,
        }
        chat = [{"role": message.role, "content": message.content} for message in messages]
        one = [{"role": "user", "content": "\n\n".join(message.content for message in messages)}]
        try:
            ids: list[int] = self._tokenizer.apply_chat_template(chat, **options)
        except Exception:  # templates refuse a system message with an error of their own kind
            ids = self._tokenizer.apply_chat_template(one, **options)
        return ids


class _Guide:
    """Keeps one reply inside its grammar: the tokens that may come next, and when it is whole.

    The library calls `mask` before it chooses a token and `ended` after; both get all token ids so far,
    int64 [1, n], and `mask` the scores of the next, float [1, vocabulary].
    """

    def __init__(self, matcher: Any, stop: threading.Event) -> None:
        self.written: list[int] = []
        self._matcher = matcher
        self._stop = stop

    @property
    def is_whole(self) -> bool:
        """Whether the grammar is satisfied and nothing more can follow."""
        return bool(self._matcher.is_stopped()) and not self._matcher.is_error()

    def mask(self, _ids: Any, scores: Any) -> Any:
        if self._stop.is_set():
            raise _Cancelled
        allowed = torch.frombuffer(bytearray(self._matcher.compute_logit_bias()), dtype=torch.uint8) > 0
        if self._matcher.is_error():
            raise EngineFailed("The model's reply could not be kept to its schema; choose another model.")
        return scores.masked_fill(~allowed.to(scores.device), float("-inf"))

    def ended(self, ids: Any, _scores: Any) -> Any:
        token = int(ids[0, -1])
        if not self._matcher.consume_token(token):
            raise EngineFailed("The model's reply could not be kept to its schema; choose another model.")
        self.written.append(token)
        return torch.tensor([self._matcher.is_stopped()], device=ids.device)


def _vocabulary(tokenizer: Any, size: int, ends: Sequence[int]) -> Any:
    """The bytes of every token, as llguidance wants them; `size` is the model's, the tokenizer's may be less."""
    decoder = tokenizer.backend_tokenizer.decoder
    if not isinstance(decoder, tokenizers.decoders.Metaspace):
        return llguidance.hf.from_tokenizer(tokenizer, n_vocab=size, eos_token=list(ends))
    # llguidance 1.9 does not know the decoder of T5 and its kin, in whose tokens "▁" is a blank.
    return llguidance.LLTokenizer(
        llguidance.TokenizerWrapper(_Metaspace(tokenizer, size, ends[0])), n_vocab=size, eos_token=list(ends)
    )


class _Metaspace:
    """A tokenizer whose blanks are written "▁", in the form that `llguidance.TokenizerWrapper` takes."""

    def __init__(self, tokenizer: Any, size: int, end: int) -> None:
        self.eos_token_id = end
        self.bos_token_id = tokenizer.bos_token_id
        self.special_token_ids = list(tokenizer.all_special_ids)
        names = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
        self.tokens = [str(name).replace("▁", " ").encode() for name in names]
        self.tokens += [b""] * (size - len(names))  # no token, so never allowed
        special = set(self.special_token_ids)
        self._ids = {token: n for n, token in enumerate(self.tokens) if token and n not in special}
        self._longest = max(map(len, self._ids))

    def __call__(self, text: str) -> list[int]:
        """Ids of exactly these bytes, the longest token first: the tokenizer's own would begin with a blank."""
        rest, ids = text.encode(), []
        while rest:
            fit = next((n for n in range(min(self._longest, len(rest)), 0, -1) if rest[:n] in self._ids), 0)
            if not fit:
                break  # the library takes what is left as it comes
            ids.append(self._ids[rest[:fit]])
            rest = rest[fit:]
        return ids


def _first(config: Any, names: Sequence[str], default: int) -> int:
    """The first of these figures that a configuration knows, also of its part for text; else the default."""
    for part in (config, config.get_text_config()):
        for name in names:
            value = getattr(part, name, None)
            if isinstance(value, int) and 0 < value < _NO_LIMIT:
                return min(value, default)
    return default


def _failed(error: Exception, what: str) -> EngineFailed:
    """The error in a sentence without the library's own words, which may hold what was read."""
    told = str(error).lower()
    if (
        isinstance(error, MemoryError | torch.OutOfMemoryError)
        or "allocate" in told
        or "out of memory" in told
    ):
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        return EngineFailed(f"{what}: memory does not suffice; choose a smaller model or a shorter context.")
    return EngineFailed(f"{what} ({type(error).__name__}); choose another model, or copy this one again.")
