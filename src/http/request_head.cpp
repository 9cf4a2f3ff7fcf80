#include <spidergate/core/ascii.hpp>
#include <spidergate/http/request_head.hpp>

namespace spidergate::http {

std::string_view request_head::find_among_fields(std::string_view name) const noexcept {
  for (const auto& f : fields) {
    if (f.name.size() == name.size() && iequals(f.name, name)) return f.value;
  }
  return {};
}

int status_of(refusal why) noexcept {
  switch (why) {
    case refusal::none:
      return 200;
    case refusal::bad_request:
      return 400;
    case refusal::timed_out:
      return 408;
    case refusal::expectation_failed:
      return 417;
    case refusal::head_too_large:
      return 431;
    case refusal::unsupported_method:
      return 501;
    case refusal::overloaded:
      return 503;
    case refusal::unsupported_version:
      return 505;
  }
  return 400;
}

}  // namespace spidergate::http
