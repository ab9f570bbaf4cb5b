"""What leaders see: marts become models (traits), models become widgets."""
