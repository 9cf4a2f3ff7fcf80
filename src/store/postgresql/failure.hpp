#pragma once
#include <spidergate/store/errc.hpp>

#include <exception>
#include <string>
#include <string_view>

namespace spidergate::store::postgresql {

/// What an exception of libpqxx means.
[[nodiscard]] errc meaning(const std::exception& of, bool connection_lives);

/// The message's first line without "ERROR:": what follows may quote a row's content.
[[nodiscard]] std::string first_line(std::string_view message);

}  // namespace spidergate::store::postgresql
