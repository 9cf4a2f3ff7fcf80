#pragma once
#include <spidergate/providers/dialect.hpp>

#include <string>

namespace spidergate::providers::replicate {

/// Appends the members of `input` for a conversation: {"prompt":…,…} without the brackets.
[[nodiscard]] boost::system::result<void, refusal> write_chat_input(const encode_input& in, wire_request& wire,
                                                                    std::string& out);

/// The same for images.
[[nodiscard]] boost::system::result<void, refusal> write_picture_input(const encode_input& in, wire_request& wire,
                                                                       std::string& out);

}  // namespace spidergate::providers::replicate
