#pragma once
#include "member_marks.hpp"
#include "parameters.hpp"

#include <spidergate/json/splice.hpp>
#include <spidergate/providers/dialect.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spidergate::providers::openai {

/// Whether a top-level member, or a form's part, is the gateway's own: no provider knows them, and OpenAI refuses what
/// it does not know.
[[nodiscard]] bool is_gateway_field(std::string_view name) noexcept;

/// Makes the provider's JSON body out of the client's: the few members that must change do, every other byte stays.
class body_edit {
 public:
  /// `in` outlives it; `model` is what the body names.
  body_edit(const encode_input& in, std::string_view model)
      : in_(in), model_(model), members_(in.asked.members), edits_(in.asked.body) {}

  /// Nothing when it is done, else why this provider cannot be asked that.
  [[nodiscard]] std::optional<refusal> run(wire_request& wire);

 private:
  [[nodiscard]] std::optional<refusal> judge_members(wire_request& wire);
  void erase_marked();
  void change(const model::body_member& m, wire_request& wire);
  void rename(const model::body_member& m);
  void append_missing();

  const encode_input& in_;
  std::string_view model_;
  const std::vector<model::body_member>& members_;
  member_marks erased_;
  const model::body_member* last_kept_ = nullptr;
  std::string added_;  ///< members for the end, each with a leading comma
  json::splice edits_;
};

}  // namespace spidergate::providers::openai
