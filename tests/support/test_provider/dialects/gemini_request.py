"""What the Gemini API refuses in a request, in its own words as far as tests need them."""

from __future__ import annotations

import re

_FIELDS = {"contents", "systemInstruction", "tools", "toolConfig", "generationConfig", "safetySettings", "cachedContent", "model", "labels"}
_CONFIG = {"temperature", "topP", "topK", "seed", "frequencyPenalty", "presencePenalty", "maxOutputTokens", "candidateCount", "stopSequences",
           "responseLogprobs", "logprobs", "responseMimeType", "responseSchema", "responseJsonSchema", "responseModalities", "thinkingConfig",
           "speechConfig", "imageConfig", "mediaResolution"}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,63}$")


def complaint_about(body: dict, model: str) -> str | None:
    for known, given in ((_FIELDS, body), (_CONFIG, body.get("generationConfig") or {})):
        if unknown := set(given) - known:
            return f'Invalid JSON payload received. Unknown name "{sorted(unknown)[0]}": Cannot find field.'
    if not body.get("contents"):
        return "* GenerateContentRequest.contents: contents is not specified"
    config = body.get("generationConfig") or {}
    if len(config.get("stopSequences", [])) > 5:
        return "Unable to submit request because it has too many stop sequences."
    if body.get("tools") and "responseMimeType" in config and not model.startswith("gemini-3"):
        return "Function calling with a response mime type: 'application/json' is unsupported"
    return _about_tools(body) or _about_turns(body["contents"], model)


def _about_tools(body: dict) -> str | None:
    for tool in body.get("tools", []):
        for function in tool.get("functionDeclarations", []):
            if not _NAME.match(function["name"]):
                return "Invalid function name. Must start with a letter or an underscore."
            if "parameters" in function and "parametersJsonSchema" in function:
                return "parameters and parametersJsonSchema are mutually exclusive"
    return None


def _about_turns(contents: list[dict], model: str) -> str | None:
    for number, turn in enumerate(contents):
        if turn.get("role") not in ("user", "model") or not turn.get("parts"):
            return "Please use a valid role: user, model."
        calls = [p for p in turn["parts"] if "functionCall" in p]
        if not calls:
            continue
        if model.startswith("gemini-3") and "thoughtSignature" not in calls[0]:
            return f"Function call is missing a thought_signature in functionCall parts. Content index: {number}"
        answers = [p for p in contents[number + 1]["parts"] if "functionResponse" in p] if number + 1 < len(contents) else []
        if len(answers) != len(calls):
            return "Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn."
    return None
