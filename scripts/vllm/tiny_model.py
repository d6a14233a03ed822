"""Writes a tiny Llama, without its weights, where it is told: vLLM makes random ones up (--load-format dummy).

Needs only `tokenizers`, which every vLLM brings, so that the directory fits whatever version it is made with.
"""

import json
import os
import random
import shutil
import sys

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

VOCABULARY = 2048
SPECIAL = ["<unk>", "<s>", "</s>"]

CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 128,
    "intermediate_size": 256,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 4,
    "head_dim": 32,  # the CPU attention kernel wants 32, 64, 80, ...
    "hidden_act": "silu",
    "max_position_embeddings": 512,
    "rms_norm_eps": 1e-6,
    "rope_theta": 10000.0,
    "vocab_size": VOCABULARY,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "tie_word_embeddings": False,
    "torch_dtype": "float32",
}

CHAT_TEMPLATE = (
    "{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant:{% endif %}"
)


def words():
    """Lines of made-up words: enough variety to fill the vocabulary, the same on every machine."""
    dice = random.Random(1)
    syllables = [a + b + c for a in "bdfgklmnprstvz" for b in "aeiou" for c in ("", "n", "r", "s", "l")]
    vocabulary = ["".join(dice.choices(syllables, k=dice.randint(1, 4))) for _ in range(4000)]
    for _ in range(4000):
        yield " ".join(dice.choices(vocabulary, k=12)) + "."


def tokenizer():
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        words(),
        trainers.BpeTrainer(
            vocab_size=VOCABULARY,
            special_tokens=SPECIAL,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    assert tokenizer.get_vocab_size() == VOCABULARY, tokenizer.get_vocab_size()
    return tokenizer


def main(target):
    draft = target + ".draft"
    shutil.rmtree(draft, ignore_errors=True)
    os.makedirs(draft)
    tokenizer().save(os.path.join(draft, "tokenizer.json"))
    files = {
        "config.json": CONFIG,
        "generation_config.json": {"bos_token_id": 1, "eos_token_id": 2},
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "unk_token": "<unk>",
            "bos_token": "<s>",
            "eos_token": "</s>",
            "model_max_length": 512,
            "clean_up_tokenization_spaces": False,
            "chat_template": CHAT_TEMPLATE,
        },
    }
    for name, content in files.items():
        with open(os.path.join(draft, name), "w", encoding="utf-8") as file:
            json.dump(content, file, indent=2)
    shutil.rmtree(target, ignore_errors=True)
    os.rename(draft, target)


if __name__ == "__main__":
    main(sys.argv[1])
