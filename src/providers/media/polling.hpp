#pragma once
#include <spidergate/json/value.hpp>
#include <spidergate/providers/dialect.hpp>

#include <string>
#include <string_view>

namespace spidergate::providers::media {

/// The memo of a job's first question: "order 0 BASE".
[[nodiscard]] std::string first_memo(std::string_view base_path);

/// Asks again for the job of that id at BASE + `path` + id, out of the memo of the question before; each time a little
/// later, from half a second to five. An error where the id is none that can stand in a path.
[[nodiscard]] boost::system::result<follow_up, provider_error> poll_job(std::string_view memo, std::string_view path,
                                                                        json::value id);

}  // namespace spidergate::providers::media
