#pragma once
#include "../../unit/providers/asked.hpp"
#include "reading.hpp"
#include "recording.hpp"

#include <spidergate/catalogue/catalogue.hpp>
#include <spidergate/providers/dialect.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// Replays recorded exchanges of a dialect that is not OpenAI's own. A dialect's test says, by simple means of its own
/// that share no code with the dialect, what a record means (a `translation`); replay_all() holds the dialect against
/// it: the request that it encodes, the answer that the client reads, whole or as a stream however that is cut, errors.
///
///   struct cohere_translation final : translation { … };
///   TEST(cohere_replay, says_what_the_provider_said) { replay_all(cohere_translation(), 15); }
namespace spidergate::replay {

/// What an answer says, as the client is to read it: one choice, and figures.
struct meaning {
  choice says;
  std::optional<model::usage> usage;
  std::string error;              ///< of an in-band error: its message
  std::vector<std::string> urls;  ///< of citations, in order
};

class translation {
 public:
  virtual ~translation() = default;
  /// The recordings' file, which is what the dialect is called there.
  [[nodiscard]] virtual std::string file() const = 0;
  [[nodiscard]] virtual std::string dialect_of(const json& record) const = 0;
  /// The id of the catalogue's provider.
  [[nodiscard]] virtual std::string provider_of(const json& record) const = 0;
  /// Why an exchange is none of this dialect's; empty when it is one.
  [[nodiscard]] virtual std::string not_applicable(const json&) const { return {}; }
  [[nodiscard]] virtual model::endpoint kind_of(const json&) const { return model::endpoint::chat; }
  /// What a client of OpenAI's would have asked; nothing where the recorded request is not known or has no such form:
  /// then only the answer is looked at.
  [[nodiscard]] virtual std::optional<json> question_of(const json& record) const = 0;
  /// A request without what says nothing, so that what means the same is the same.
  [[nodiscard]] virtual json normal(json request) const { return request; }
  /// The path before what the dialect appends.
  [[nodiscard]] virtual std::string base_path_of(const json& record) const = 0;
  /// What the recorded answer says; of a stream, `body` has LF line ends.
  [[nodiscard]] virtual meaning said(const json& record, const std::string& body) const = 0;
  [[nodiscard]] virtual providers::error_class error_class_of(const json& record) const = 0;
  /// Of answers that are no chat's: compares what the client gets with what the provider sent.
  virtual void check_other(const json& /*record*/, const json& /*client*/, const providers::answer_facts&) const {
    ADD_FAILURE() << "nothing is checked of this answer";
  }
  /// False for binary framings, whose bytes have no line ends to vary.
  [[nodiscard]] virtual bool has_lines() const { return true; }
  [[nodiscard]] virtual std::vector<std::string> dropped(const json&) const { return {}; }
};

/// Runs every record of the file and prints how many passed. Fails when fewer than `at_least` were compared with their
/// requests.
void replay_all(const translation& how, int at_least);

}  // namespace spidergate::replay
