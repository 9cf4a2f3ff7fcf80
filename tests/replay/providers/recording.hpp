#pragma once
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace spidergate::replay {

using json = nlohmann::json;

/// The folder of recorded exchanges: SPIDERGATE_WIRE_DIR, else shared/wire beside the source tree.
inline std::filesystem::path wire_dir() {
  if (const char* set = std::getenv("SPIDERGATE_WIRE_DIR")) return set;
  return std::filesystem::path(SPIDERGATE_SOURCE_DIR) / ".." / "shared" / "wire";
}

inline std::vector<json> recordings_of(const std::string& file) {
  std::vector<json> records;
  std::ifstream in(wire_dir() / (file + ".jsonl"));
  for (std::string line; std::getline(in, line);) {
    if (!line.empty()) records.push_back(json::parse(line));
  }
  return records;
}

/// What a provider sent, as text.
inline std::string body_of(const json& record) {
  const auto& body = record.at("response_body");
  return body.is_string() ? body.get<std::string>() : body.dump();
}

/// The answer's header fields.
class recorded_fields {
 public:
  explicit recorded_fields(const json& record) {
    for (const auto& [name, value] : record.at("response_headers").items()) {
      if (value.is_string()) fields_.emplace_back(name, value.get<std::string>());
    }
    for (const auto& [name, value] : fields_) views_.emplace_back(name, value);
  }
  recorded_fields(const recorded_fields&) = delete;
  [[nodiscard]] const std::vector<std::pair<std::string_view, std::string_view>>& views() const { return views_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
  std::vector<std::pair<std::string_view, std::string_view>> views_;
};

}  // namespace spidergate::replay
