#pragma once
#include <spidergate/model/inference_request.hpp>
#include <spidergate/router/router.hpp>

#include <string>

namespace spidergate::router {

/// Whether a candidate can do what a request asks for.
struct ability {
  enum class verdict {
    yes,       ///< or nothing is known that speaks against it
    not_said,  ///< the catalogue does not say that it can, though it says so of others
    no,
  };
  verdict answer = verdict::yes;
  std::string because;  ///< of `not_said` and `no`: a clause after the candidate's name, "takes no images"
};

[[nodiscard]] ability judge(const candidate& what, const model::inference_request& asked, served_by served);

}  // namespace spidergate::router
