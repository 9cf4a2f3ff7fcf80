#include "model_path.hpp"

#include "../wire_headers.hpp"

namespace spidergate::providers::media {

bool append_model_path(std::string& target, std::string_view model) {
  const std::size_t before = target.size();
  for (std::size_t begin = 0; begin <= model.size();) {
    const auto segment = model.substr(begin, model.find('/', begin) - begin);
    if (segment.empty() || segment == "." || segment == "..") {
      target.resize(before);
      return false;
    }
    append_percent_encoded(target.append("/"), segment);
    begin += segment.size() + 1;
  }
  return true;
}

}  // namespace spidergate::providers::media
