#pragma once
#include <spidergate/store/errc.hpp>

#include <string>
#include <string_view>

namespace spidergate::store::postgresql {

/// What an SQLSTATE means.
[[nodiscard]] errc meaning_of(std::string_view state);

/// The message's first line without "ERROR:": what follows may quote a row's content.
[[nodiscard]] std::string first_line(std::string_view message);

}  // namespace spidergate::store::postgresql
