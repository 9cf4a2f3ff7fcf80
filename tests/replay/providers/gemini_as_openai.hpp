#pragma once
#include "translated_replay.hpp"

/// A reading of Google's wire format that is as simple as can be, and shares no code with the dialect.
namespace spidergate::replay {

/// What a client of OpenAI's would have sent to get this request; nothing where OpenAI has no words for it.
[[nodiscard]] std::optional<json> gemini_question(const json& record);

/// Names in one spelling, without what says nothing.
[[nodiscard]] json gemini_normal(json request);

/// What generateContent answered, in one piece or in many.
[[nodiscard]] meaning gemini_said(const std::string& body);

}  // namespace spidergate::replay
