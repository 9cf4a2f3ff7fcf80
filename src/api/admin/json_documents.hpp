#pragma once
#include "body_reader.hpp"

#include <functional>

namespace spidergate::api {

/// A change of a column that holds a JSON object: a merge patch that is put over what is stored, or null, which empties
/// it. Owns its text, so it may be carried to a database thread.
class document_change {
 public:
  /// The fault in a whole new document, as its reader words it, or nothing.
  using check = std::function<std::optional<std::string>(std::string_view json)>;

  /// Takes the member `name` of a body, if it is there.
  void read(body_reader& from, std::string_view name);
  /// All of a body is the patch.
  [[nodiscard]] static model::outcome<document_change> whole_body(std::string_view body);

  [[nodiscard]] bool given() const noexcept { return !patch_.empty(); }
  /// Changes `stored` unless `sound` finds a fault in what would come out.
  [[nodiscard]] std::optional<model::api_error> apply_to(std::string& stored, const check& sound) const;

 private:
  std::string name_, patch_;
};

[[nodiscard]] std::optional<std::string> check_price_overrides(std::string_view json);
[[nodiscard]] std::optional<std::string> check_preferences(std::string_view json);

}  // namespace spidergate::api
