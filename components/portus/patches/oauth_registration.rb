# frozen_string_literal: true

# Whoever signs in by OAuth for the first time is asked for a user name. This ends with an error in two ways:
#
# - Until then Portus keeps all that the provider told in the session, its tokens too. The session is a cookie of 4 KiB,
#   encrypted: with tokens of some 2000 letters together, as an OpenID provider's are, the answer is error 500
#   (ActionDispatch::Cookies::CookieOverflow). Here only what the registration page reads is kept.
# - Display names are unique in the database, the empty one too, and nothing looks before: the second who leaves the field
#   empty, or is called like somebody else, is told an error of SQL (2.4) or error 500 (2.5). Here such a user has none.
#
# Source: SUSE/Portus app/controllers/auth/omniauth_callbacks_controller.rb (check_user), omniauth_registrations_controller.rb,
# app/models/user.rb (create_from_oauth, suggest_username), db/schema.rb (index_users_on_display_name) at 2.3.0 to v2.5.

module PortusStackOauthRegistration
  KEY = "omniauth.auth"
  ACCOUNT = %w[provider uid].freeze
  INFO = %w[email name nickname username].freeze

  # What is read of what the provider told.
  def self.needed(auth)
    pick(auth, ACCOUNT).merge("info" => pick(auth["info"] || {}, INFO))
  end

  def self.pick(from, names)
    names.each_with_object({}) { |name, kept| kept[name] = from[name] unless from[name].nil? }
  end

  # The way back from the provider.
  module Callbacks
    private

    def check_user
      super
      kept = session[KEY]
      session[KEY] = PortusStackOauthRegistration.needed(kept) if kept
    end
  end

  # The page that asks for a name.
  module Registrations
    private

    def user_params
      given = super
      name = given[:display_name].to_s.strip
      given[:display_name] = name.empty? || User.exists?(display_name: name) ? nil : name
      given
    end
  end

  PLACES = {
    "Auth::OmniauthCallbacksController" => Callbacks,
    "Auth::OmniauthRegistrationsController" => Registrations
  }.freeze

  def self.missing
    PLACES.flat_map do |name, mended|
      place = name.safe_constantize
      methods = mended.private_instance_methods(false)
      methods.reject { |method| place && place.private_method_defined?(method) }.map { |method| "#{name}##{method}" }
    end
  end
end

Rails.application.config.to_prepare do
  missing = PortusStackOauthRegistration.missing
  if missing.empty?
    PortusStackOauthRegistration::PLACES.each { |name, mended| name.constantize.send(:prepend, mended) }
    $stderr.puts "portus-stack: patch oauth_registration is on"
  else
    $stderr.puts "portus-stack: patch oauth_registration does not fit this Portus: #{missing.join(", ")}"
  end
end
