#pragma once
#include <spidergate/providers/dialect.hpp>

#include <memory>

namespace spidergate::providers::gemini {

/// The formats that sound can be handed out in; the wire_request's memo says which.
inline constexpr std::string_view wav_memo = "wav", pcm_memo = "pcm";

/// Sound as it comes: linear PCM, as the provider makes it, with a WAV head before it where that was asked for.
[[nodiscard]] std::unique_ptr<stream_decoder> open_speech_stream(const answer_input& in);

}  // namespace spidergate::providers::gemini
