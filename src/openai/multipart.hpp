#pragma once
#include <spidergate/model/inference_request.hpp>

#include <boost/system/result.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace spidergate::openai {

inline constexpr std::size_t max_form_parts = 64;
inline constexpr std::size_t max_part_head_bytes = 8192;

/// Reads a multipart/form-data body (RFC 7578 in the framing of RFC 2046 section 5.1). The parts are views of the body,
/// in order; nothing is decoded. Strict, so that no two readers can see different forms: lines end with CRLF, nothing
/// but line ends stands before the first boundary and behind the last one, each part has exactly one
/// Content-Disposition with exactly one name, and no transfer encoding. Bounded by the two constants. The error is a
/// clause ("part 2 has no name"). Pure: any thread.
[[nodiscard]] boost::system::result<std::vector<model::form_part>, std::string> read_multipart(
    std::string_view content_type, std::string_view body);

}  // namespace spidergate::openai
