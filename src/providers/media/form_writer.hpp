#pragma once
#include <spidergate/model/inference_request.hpp>
#include <spidergate/providers/dialect.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace spidergate::providers::media {

/// Writes a multipart form (RFC 7578) of a provider's own fields. The boundary occurs in no part; a file stays a view
/// of the client's bytes. One per request.
class form_writer {
 public:
  /// REQUIRES: `name` is a plain word.
  void field(std::string_view name, std::string value);
  void file(std::string_view name, const model::form_part& file);
  /// Fills body and content_type.
  void finish(wire_request& wire);

 private:
  struct part {
    std::string name, filename, content_type, text;
    std::string_view bytes;  ///< of a file
    bool is_file = false;
    [[nodiscard]] std::string_view content() const { return is_file ? bytes : std::string_view(text); }
  };
  [[nodiscard]] std::string boundary() const;
  std::vector<part> parts_;
};

}  // namespace spidergate::providers::media
