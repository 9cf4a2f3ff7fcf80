#pragma once
#include <spidergate/config/load.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <unistd.h>

namespace spidergate::config {

/// A file of its own for as long as the object lives.
class temporary_file {
 public:
  explicit temporary_file(const std::string& text, const std::string& name = "spidergate.yaml") {
    static std::atomic<int> count = 0;
    folder_ = std::filesystem::temp_directory_path() /
              ("sg-config-" + std::to_string(getpid()) + '-' + std::to_string(++count));
    std::filesystem::create_directories(folder_);
    path_ = (folder_ / name).string();
    std::ofstream(path_, std::ios::binary) << text;
  }
  temporary_file(const temporary_file&) = delete;
  ~temporary_file() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::filesystem::path folder_;
  std::string path_;
};

using variables = std::map<std::string, std::string>;
using outcome = boost::system::result<loaded, std::vector<fault>>;

inline outcome load_with(variables environment, std::vector<flag_value> flags = {}) {
  environment.emplace("HOME", "/home/ann");
  return load({std::nullopt, std::move(environment), std::move(flags), ""});
}

inline outcome load_text(const std::string& yaml, variables environment = {}, std::vector<flag_value> flags = {}) {
  const temporary_file file(yaml);
  environment.emplace("HOME", "/home/ann");
  return load({file.path(), std::move(environment), std::move(flags), ""});
}

/// The faults as texts, the folder of the file taken away; "no fault" when there is none.
inline std::vector<std::string> faults_of(const outcome& result) {
  if (result) return {"no fault"};
  std::vector<std::string> texts;
  for (const auto& fault : result.error()) {
    auto text = fault.text();
    if (const auto at = text.find("/spidergate.yaml"); text.starts_with('/') && at != std::string::npos)
      text.erase(0, at + 1);
    texts.push_back(std::move(text));
  }
  return texts;
}

inline const effective_value& effective_of(const loaded& what, const std::vector<std::string>& path) {
  for (const auto& shown : what.effective)
    if (shown.path == path) return shown;
  static const effective_value nothing;
  ADD_FAILURE() << "no such setting: " << path.back();
  return nothing;
}

}  // namespace spidergate::config
