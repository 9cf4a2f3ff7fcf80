// Whatever arrives as a form: no crash, no byte outside of the body is a part's, parts do not overlap, and the form
// that is put together again from the parts reads the same.
#include "allocated.hpp"
#include "cut_at_random.hpp"
#include "multipart.hpp"

#include <spidergate/openai/request_reader.hpp>

#include <cstdint>
#include <string>

using namespace spidergate;
using fuzz::require;

namespace {

std::string put_together(const std::vector<model::form_part>& parts, std::string_view boundary) {
  std::string body;
  for (const auto& part : parts) {
    body.append("--").append(boundary).append("\r\nContent-Disposition: form-data; name=\"").append(part.name);
    body.append("\"; filename=\"").append(part.filename).append("\"\r\nContent-Type: ").append(part.content_type);
    body.append("\r\n\r\n").append(part.content).append("\r\n");
  }
  return body.append("--").append(boundary).append("--\r\n");
}

void check_parts(const std::vector<model::form_part>& parts, std::string_view body) {
  const char* behind = body.data();
  for (const auto& part : parts) {
    require(part.content.data() >= behind && part.content.data() + part.content.size() <= body.data() + body.size());
    behind = part.content.data() + part.content.size();
    require(part.content.find("\r\n--b") == std::string_view::npos);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  // Without a line of its own first, the boundary is "b".
  const auto line = input.find('\n');
  (void)openai::read_multipart(input.substr(0, line), input.substr(line == std::string_view::npos ? size : line + 1));

  std::string padded(input);
  padded.append(64, '\0');
  const auto body = std::string_view(padded).substr(0, size);
  constexpr std::string_view type = "multipart/form-data; boundary=b";
  const auto parts = openai::read_multipart(type, body);
  const auto read = openai::read_request(model::endpoint::transcriptions, body, type);
  if (!parts) {
    require(!read && read.error().message.size() < 4096);
    return 0;
  }
  check_parts(*parts, body);
  const auto again = put_together(*parts, "b");
  const auto same = openai::read_multipart(type, again);
  require(same.has_value() && same->size() == parts->size());
  for (std::size_t i = 0; i < parts->size(); ++i) {
    require((*same)[i].name == (*parts)[i].name && (*same)[i].content == (*parts)[i].content);
    require((*same)[i].filename == (*parts)[i].filename);
  }
  if (!read) require(read.error().message.size() < 4096);
  return 0;
}
