"""The study of the loss of stationary training against its temperature."""
