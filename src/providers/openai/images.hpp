#pragma once
#include <spidergate/json/value.hpp>
#include <spidergate/model/usage.hpp>
#include <spidergate/providers/dialect.hpp>

namespace spidergate::providers::openai {

/// What images cost that were made: their number, quality and size ("low_1024x1024"), pixels, and tokens where the
/// provider counts such. `root` is the answer, or the last event of a stream; `made` is how many it holds.
[[nodiscard]] model::usage image_usage(const model::inference_request& asked, json::value root, std::int64_t made);

}  // namespace spidergate::providers::openai
