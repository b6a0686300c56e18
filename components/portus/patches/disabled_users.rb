# frozen_string_literal: true

# Portus 2.3 to 2.5 asks whether a user is enabled where somebody signs in (Devise), but not where an application token
# opens the API: a user who was disabled goes on there. Here a disabled user's application token is not valid.
#
# Source: SUSE/Portus lib/portus/auth_from_token.rb (nobody signs in within the API), app/models/user.rb
# (application_token_valid?, active_for_authentication?) at 2.3.0 to v2.5.

module PortusStackDisabledUsers
  def self.missing
    user = "User".safe_constantize
    return ["User"] unless user

    fits = user.method_defined?(:application_token_valid?) && user.instance_method(:application_token_valid?).arity == 1
    absent = fits ? [] : ["User#application_token_valid?(token)"]
    # "enabled?" comes with the table, which may not be there yet: what Portus itself builds on it is looked at.
    absent << "User#toggle_enabled!" unless user.method_defined?(:toggle_enabled!)
    absent
  end

  def application_token_valid?(plain_token)
    enabled? && super
  end
end

Rails.application.config.to_prepare do
  missing = PortusStackDisabledUsers.missing
  if missing.empty?
    User.send(:prepend, PortusStackDisabledUsers)
    $stderr.puts "portus-stack: patch disabled_users is on"
  else
    $stderr.puts "portus-stack: patch disabled_users does not fit this Portus: #{missing.join(", ")}"
  end
end
