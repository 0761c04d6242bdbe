# frozen_string_literal: true

require "opentelemetry/sdk"
