# frozen_string_literal: true

# Asks the service itself: exits with 0 when it answers.
require "net/http"

address = URI("http://127.0.0.1:#{ENV.fetch('PORT', '8080')}#{ENV.fetch('TRACING_HEALTH_PATH', '/healthz')}")
exit(Net::HTTP.get_response(address).is_a?(Net::HTTPSuccess))
