#include <dcmtk/config/osconfig.h>
#include <dcmtk/oflog/appender.h>
#include <dcmtk/oflog/oflog.h>
#include <dcmtk/oflog/spi/logevent.h>

#include <string>
#include <string_view>

#include "core/base/log.h"
#include "core/dicom/dcmtk_error.h"

namespace axial {
namespace {

constexpr std::size_t kMessageBytes = 512;

/// DCMTK quotes attribute values in its messages, and those may be a patient's.
std::string WithoutQuotedText(std::string_view message) {
  std::string text;
  char closing = 0;
  for (const char c : message.substr(0, kMessageBytes)) {
    if (closing != 0) {
      if (c != closing) continue;
      closing = 0;
    } else if (c == '"' || c == '\'') {
      closing = c;
    } else if (c == '[') {
      closing = ']';
    }
    text += c;
  }
  return text;
}

class AxialAppender final : public dcmtk::log4cplus::Appender {
 public:
  ~AxialAppender() override { destructorImpl(); }
  void close() override { closed = true; }

 protected:
  void append(const dcmtk::log4cplus::spi::InternalLoggingEvent& event) override {
    // What dcmsr says of each Key Object Selection, of its own state and not of the document.
    if (event.getMessage() == "Check for template constraints not yet supported") return;
    const bool is_error = event.getLogLevel() >= dcmtk::log4cplus::ERROR_LOG_LEVEL;
    const OFString& message = event.getMessage();
    const OFString& logger = event.getLoggerName();
    Log(is_error ? LogLevel::kError : LogLevel::kWarning, "dcmtk",
        {{"logger", std::string_view(logger.c_str(), logger.size())},
         {"message", WithoutQuotedText({message.c_str(), message.size()})}});
  }
};

}  // namespace

void RedirectDcmtkLog() {
  OFLog::configure(OFLogger::WARN_LOG_LEVEL);
  dcmtk::log4cplus::Logger root = dcmtk::log4cplus::Logger::getRoot();
  root.removeAllAppenders();
  root.addAppender(dcmtk::log4cplus::SharedAppenderPtr(new AxialAppender));
}

}  // namespace axial
